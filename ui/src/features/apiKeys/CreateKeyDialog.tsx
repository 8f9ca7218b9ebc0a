import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Select from "@cloudscape-design/components/select";
import { useState } from "react";
import { createApiKey } from "@/api/apiKeys";
import type { NewApiKey, Role } from "@/api/types";
import { FormDialog } from "@/components/FormDialog";
import { Loading } from "@/components/Loading";
import { ProblemAlert } from "@/components/ProblemAlert";
import { useSubmit } from "@/components/useSubmit";
import { useMe } from "@/features/account/AccountProvider";
import { useRoles } from "@/features/roles/useRoles";
import { ScopePicker } from "./ScopePicker";
import { launching, offered } from "./scopes";

export interface KeyOwner {
  id: string;
  name: string;
  role: Role;
}

interface Props {
  owner: KeyOwner;
  onCancel: () => void;
  onCreated: (key: NewApiKey) => void;
}

const DAYS = [7, 30, 90, 180, 365].map((days) => ({
  value: String(days),
  label: days === 365 ? "1 year" : `${days} days`,
}));
const USUAL = "90";

export function CreateKeyDialog({ owner, onCancel, onCreated }: Props) {
  const { user } = useMe();
  const roles = useRoles();
  const [name, setName] = useState("");
  const [days, setDays] = useState(USUAL);
  const [picked, setPicked] = useState<string[] | null>(null);
  const { busy, problem, tried, run } = useSubmit();
  const subjects = roles.data ? offered(roles.data, owner.role) : [];
  const scopes = picked ?? launching(subjects);
  const own = owner.id === user.id;
  const wrong = {
    name: name.trim() ? undefined : "Enter a name.",
    scopes: scopes.length > 0 ? undefined : "Choose at least one scope.",
  };
  const create = async () => {
    onCreated(
      await createApiKey({
        name: name.trim(),
        scopes,
        expires_in_days: Number(days),
        ...(!own && { user_id: owner.id }),
      }),
    );
  };
  return (
    <FormDialog
      size="large"
      header={own ? "Create an API key" : `Create an API key for ${owner.name}`}
      submit="Create key"
      busy={busy}
      disabled={!roles.data}
      problem={problem && problem.errors.length === 0 ? problem : null}
      failure="The key was not created"
      testId="key-create"
      onCancel={onCancel}
      onSubmit={() => void run(create, Object.values(wrong).some(Boolean))}
    >
      <FormField
        label="Name"
        description="What will use it, so that you know it again."
        errorText={(tried ? wrong.name : undefined) ?? problem?.field("name")}
      >
        <Input
          value={name}
          autoFocus
          placeholder="Nightly build"
          onChange={({ detail }) => setName(detail.value)}
          nativeInputAttributes={{ "data-testid": "key-name" }}
        />
      </FormField>
      <FormField label="Expires after" errorText={problem?.field("expires_in_days")}>
        <Select
          selectedOption={DAYS.find(({ value }) => value === days) ?? null}
          options={DAYS}
          expandToViewport
          onChange={({ detail }) => setDays(detail.selectedOption.value ?? USUAL)}
          data-testid="key-expiry"
        />
      </FormField>
      {roles.data ? (
        <ScopePicker
          subjects={subjects}
          value={scopes}
          errorText={(tried ? wrong.scopes : undefined) ?? problem?.field("scopes")}
          onChange={setPicked}
        />
      ) : roles.problem ? (
        <ProblemAlert
          problem={roles.problem}
          header="The permissions could not be read"
          onRetry={() => void roles.reload()}
        />
      ) : (
        <Loading />
      )}
    </FormDialog>
  );
}
