import Alert from "@cloudscape-design/components/alert";
import { useState } from "react";
import { changeTemplate } from "@/api/catalog";
import type { Group, Template } from "@/api/types";
import { FormDialog } from "@/components/FormDialog";
import { useSubmit } from "@/components/useSubmit";
import { GroupPicker } from "@/features/groups/GroupPicker";
import { closedTo } from "@/features/groups/opens";
import { groupNames } from "@/features/groups/useGroups";

interface Props {
  template: Template;
  groups: readonly Group[] | null;
  onCancel: () => void;
  onChanged: (template: Template) => void;
}

/** Who sees a template and may launch it. */
export function TemplateAccessDialog({ template, groups, onCancel, onChanged }: Props) {
  const [groupIds, setGroupIds] = useState<string[]>(template.group_ids);
  const { busy, problem, run } = useSubmit();
  const save = async () => onChanged(await changeTemplate(template.id, { group_ids: groupIds }));
  return (
    <FormDialog
      header={`Who may use ${template.name}?`}
      submit="Save"
      busy={busy}
      problem={problem && problem.field("group_ids") === undefined ? problem : null}
      failure="The template was not changed"
      testId="access-save"
      onCancel={onCancel}
      onSubmit={() => void run(save)}
    >
      <GroupPicker
        groups={groups}
        value={groupIds}
        placeholder="Everybody"
        errorText={problem?.field("group_ids")}
        onChange={setGroupIds}
      />
      <Alert type="info">
        {closedTo(groupIds, groupNames(groupIds, groups)) ?? "Everybody in your organisation sees it."} Sessions that
        run keep running. Whoever manages templates always sees all of them.
      </Alert>
    </FormDialog>
  );
}
