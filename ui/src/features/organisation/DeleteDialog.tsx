import Alert from "@cloudscape-design/components/alert";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import { useState } from "react";
import { deleteOrganisation, type Organisation } from "@/api/organisation";
import { FormDialog } from "@/components/FormDialog";
import { useSubmit } from "@/components/useSubmit";
import { useAccount } from "@/features/account/AccountProvider";

interface Props {
  organisation: Organisation;
  onClose: () => void;
}

export function DeleteDialog({ organisation: { name, slug: wanted }, onClose }: Props) {
  const { farewell } = useAccount();
  const [slug, setSlug] = useState("");
  const [password, setPassword] = useState("");
  const { busy, problem, tried, run } = useSubmit();
  const wrongSlug = slug.trim() !== wanted;
  const remove = () =>
    run(
      async () => {
        await deleteOrganisation(slug.trim(), password);
        farewell();
      },
      wrongSlug || password === "",
    );
  return (
    <FormDialog
      header={`Delete ${name}?`}
      submit="Delete everything"
      busy={busy}
      problem={problem}
      failure="Nothing was deleted"
      testId="delete-confirm"
      onCancel={onClose}
      onSubmit={() => void remove()}
    >
      <Alert type="error" header="This cannot be undone, by nobody">
        Everybody, you included, is signed out at once. All sessions are ended and their homes deleted. Members, groups,
        templates, controllers, API keys, quotas and the audit log are erased.
      </Alert>
      <FormField
        label={
          <>
            Type <b>{wanted}</b> to say that you mean this organisation
          </>
        }
        errorText={tried && wrongSlug ? `Type the short name exactly: ${wanted}` : problem?.field("slug")}
      >
        <Input
          value={slug}
          autoComplete={false}
          spellcheck={false}
          onChange={({ detail }) => setSlug(detail.value)}
          nativeInputAttributes={{ "data-testid": "delete-slug" }}
        />
      </FormField>
      <FormField
        label="Your password"
        errorText={tried && password === "" ? "Enter your password." : problem?.field("password")}
      >
        <Input
          value={password}
          type="password"
          autoComplete="current-password"
          onChange={({ detail }) => setPassword(detail.value)}
          nativeInputAttributes={{ "data-testid": "delete-password" }}
        />
      </FormField>
    </FormDialog>
  );
}
