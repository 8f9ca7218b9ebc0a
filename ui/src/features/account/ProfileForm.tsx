import Badge from "@cloudscape-design/components/badge";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import { listGroups } from "@/api/groups";
import { useFlash } from "@/components/Flash";
import { roleName } from "@/components/roleName";
import { SectionForm } from "@/components/SectionForm";
import { useRead } from "@/components/useRead";
import { useSubmit } from "@/components/useSubmit";
import { useAccount, useCan, useMe } from "./AccountProvider";

const LONGEST = 80;

export function ProfileForm() {
  const { user, tenant } = useMe();
  const { change } = useAccount();
  const flash = useFlash();
  const [name, setName] = useState(user.name);
  const { busy, problem, tried, run } = useSubmit();
  const typed = name.trim();
  const wrong =
    typed === "" ? "Enter your name." : typed.length > LONGEST ? `Use at most ${LONGEST} characters.` : null;
  const save = () =>
    run(async () => {
      await change({ name: typed });
      flash.success("Your name was changed.");
    }, wrong !== null);
  return (
    <SectionForm
      title="Profile"
      save={{ changed: typed !== user.name, busy, problem, run: () => void save(), testId: "account-save-profile" }}
    >
      <FormField label="Name" errorText={(tried && wrong) || problem?.field("name")}>
        <Input
          value={name}
          autoComplete="name"
          onChange={({ detail }) => setName(detail.value)}
          nativeInputAttributes={{ "data-testid": "account-name" }}
        />
      </FormField>
      <KeyValuePairs
        columns={2}
        minColumnWidth={180}
        items={[
          { label: "E-mail", value: user.email },
          { label: "Organisation", value: `${tenant.name} (${tenant.slug})` },
          { label: "Role", value: roleName(user.role) },
          { label: "Groups", value: <Groups ids={user.group_ids} /> },
        ]}
      />
    </SectionForm>
  );
}

/** Names for those who may read them; their number for everybody else. */
function Groups({ ids }: { ids: readonly string[] }) {
  const canRead = useCan("groups:read");
  const { data } = useRead(listGroups, canRead && ids.length > 0 ? "" : null);
  if (ids.length === 0) return <>None</>;
  if (!data) return <>{ids.length === 1 ? "One group" : `${ids.length} groups`}</>;
  return (
    <SpaceBetween direction="horizontal" size="xxs">
      {data
        .filter(({ id }) => ids.includes(id))
        .map(({ id, name }) => (
          <Badge key={id}>{name}</Badge>
        ))}
    </SpaceBetween>
  );
}
