import FormField from "@cloudscape-design/components/form-field";
import Multiselect from "@cloudscape-design/components/multiselect";
import { useState } from "react";
import { addToGroup } from "@/api/groups";
import { listMembers } from "@/api/members";
import type { Group, Member } from "@/api/types";
import { FormDialog } from "@/components/FormDialog";
import { ProblemAlert } from "@/components/ProblemAlert";
import { useRead } from "@/components/useRead";
import { useSubmit } from "@/components/useSubmit";

interface Props {
  group: Group;
  members: readonly Member[];
  onCancel: () => void;
  /** Also when only some could be added. */
  onAdded: (added: number) => void;
}

/** Puts people and service accounts into a group. */
export function AddMembersDialog({ group, members, onCancel, onAdded }: Props) {
  const everybody = useRead(async () => (await Promise.all([listMembers("person"), listMembers("service")])).flat());
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const { busy, problem, tried, run } = useSubmit();
  const inside = new Set(members.map(({ id }) => id));
  const options = (everybody.data ?? [])
    .filter(({ id }) => !inside.has(id))
    .map(({ id, name, email, kind }) => ({
      value: id,
      label: name || email,
      description: kind === "service" ? "Service account" : email,
    }))
    .toSorted((a, b) => a.label.localeCompare(b.label));
  const add = async () => {
    let added = 0;
    try {
      for (const id of chosen) {
        await addToGroup(group.id, id);
        added += 1;
      }
    } finally {
      if (added > 0) onAdded(added);
    }
  };
  return (
    <FormDialog
      header={`Add members to ${group.name}`}
      submit="Add"
      busy={busy}
      problem={problem}
      failure="Not everybody was added"
      testId="add-members-submit"
      onCancel={onCancel}
      onSubmit={() => void run(add, chosen.length === 0)}
    >
      <ProblemAlert
        problem={everybody.problem}
        header="The members could not be read"
        onRetry={() => void everybody.reload()}
      />
      <FormField
        label="Members"
        description="They see what this group opens from their next request on."
        errorText={tried && chosen.length === 0 ? "Choose at least one." : undefined}
      >
        <Multiselect
          selectedOptions={options.filter(({ value }) => chosen.includes(value))}
          options={options}
          statusType={everybody.data ? "finished" : "loading"}
          loadingText="Loading members"
          empty="Everybody is in this group."
          placeholder="Choose members"
          filteringType="auto"
          expandToViewport
          deselectAriaLabel={({ label }) => `Take out ${label ?? "member"}`}
          onChange={({ detail }) => setChosen(detail.selectedOptions.flatMap((option) => option.value ?? []))}
          data-testid="add-members"
        />
      </FormField>
    </FormDialog>
  );
}
