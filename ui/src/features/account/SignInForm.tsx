import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Link from "@cloudscape-design/components/link";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState, type SyntheticEvent } from "react";
import { asProblem, type Problem } from "@/api/problem";
import { useAccount } from "./AccountProvider";
import { OtherWays } from "./OtherWays";
import { signInMessage } from "./signInProblem";

interface Props {
  expired: boolean;
  /** Good news from the page before, such as a changed password. */
  note?: string | undefined;
}

export function SignInForm({ expired, note }: Props) {
  const { signIn } = useAccount();
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [tenant, setTenant] = useState("");
  const [askTenant, setAskTenant] = useState(false);
  const [tenants, setTenants] = useState<readonly string[]>([]);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const [tried, setTried] = useState(false);
  const message = problem && signInMessage(problem);

  const submit = async () => {
    setTried(true);
    if (!email.trim() || !password || busy) return;
    setBusy(true);
    setProblem(null);
    try {
      await signIn({ email: email.trim(), password, ...(tenant.trim() ? { tenant: tenant.trim() } : {}) });
    } catch (error) {
      const found = asProblem(error);
      setProblem(found);
      if (signInMessage(found).needsTenant) setAskTenant(true);
      if (found.tenants.length > 0) setTenants(found.tenants);
      setBusy(false);
    }
  };

  return (
    <form
      onSubmit={(event: SyntheticEvent) => {
        event.preventDefault();
        void submit();
      }}
      noValidate
    >
      <SpaceBetween size="l">
        {message ? (
          <Alert type={message.needsTenant ? "info" : "error"} header={message.header} data-testid="sign-in-problem">
            {message.text}
          </Alert>
        ) : (
          <>
            {note && <Alert type="success">{note}</Alert>}
            {expired && (
              <Alert type="info" header="Your sign-in has ended" data-testid="sign-in-ended">
                It expired, or it was ended: from another browser, by a change of password or by an administrator. Sign
                in again to go on where you were.
              </Alert>
            )}
          </>
        )}
        <FormField label="E-mail" errorText={tried && !email.trim() ? "Enter your e-mail address." : undefined}>
          <Input
            value={email}
            type="email"
            name="email"
            autoComplete="username"
            autoFocus
            onChange={({ detail }) => setEmail(detail.value)}
            nativeInputAttributes={{ "data-testid": "sign-in-email" }}
          />
        </FormField>
        <FormField label="Password" errorText={tried && !password ? "Enter your password." : undefined}>
          <Input
            value={password}
            type="password"
            name="password"
            autoComplete="current-password"
            onChange={({ detail }) => setPassword(detail.value)}
            nativeInputAttributes={{ "data-testid": "sign-in-password" }}
          />
        </FormField>
        {tenants.length > 0 && (
          <FormField label="Tenant">
            <Select
              selectedOption={tenant ? { value: tenant, label: tenant } : null}
              options={tenants.map((slug) => ({ value: slug, label: slug }))}
              placeholder="Choose a tenant"
              onChange={({ detail }) => setTenant(detail.selectedOption.value ?? "")}
              data-testid="sign-in-tenants"
            />
          </FormField>
        )}
        {tenants.length === 0 && askTenant && (
          <FormField label="Tenant" description="The short name of your organisation.">
            <Input
              value={tenant}
              name="tenant"
              autoComplete="organization"
              onChange={({ detail }) => setTenant(detail.value)}
              nativeInputAttributes={{ "data-testid": "sign-in-tenant" }}
            />
          </FormField>
        )}
        {tenants.length === 0 && !askTenant && (
          <Link
            href="#tenant"
            fontSize="body-s"
            onFollow={(event) => {
              event.preventDefault();
              setAskTenant(true);
            }}
          >
            Sign in to a particular tenant
          </Link>
        )}
        <Button variant="primary" formAction="submit" fullWidth loading={busy} data-testid="sign-in-submit">
          Sign in
        </Button>
        <OtherWays />
      </SpaceBetween>
    </form>
  );
}
