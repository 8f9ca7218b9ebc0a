import FormField from "@cloudscape-design/components/form-field";
import Multiselect from "@cloudscape-design/components/multiselect";
import type { Group } from "@/api/types";
import { Optional } from "@/components/Optional";
import { groupNames } from "./useGroups";

interface Props {
  label?: string;
  description?: string;
  /** Null while they are read. */
  groups: readonly Group[] | null;
  value: readonly string[];
  onChange: (ids: string[]) => void;
  errorText: string | undefined;
  placeholder?: string;
}

export function GroupPicker({ label = "Groups", description, groups, value, onChange, errorText, placeholder }: Props) {
  const options = (groups ?? []).map((group) => ({
    value: group.id,
    label: group.name,
    description: group.description,
  }));
  return (
    <FormField label={<Optional>{label}</Optional>} description={description} errorText={errorText}>
      <Multiselect
        selectedOptions={value.map(
          (id) =>
            options.find((option) => option.value === id) ?? { value: id, label: groupNames([id], groups)[0] ?? id },
        )}
        options={options}
        statusType={groups === null ? "loading" : "finished"}
        loadingText="Loading groups"
        empty="There are no groups yet."
        placeholder={value.length === 0 && placeholder ? placeholder : "Choose groups"}
        filteringType="auto"
        expandToViewport
        deselectAriaLabel={({ label: name }) => `Take out ${name ?? "group"}`}
        onChange={({ detail }) => onChange(detail.selectedOptions.flatMap((option) => option.value ?? []))}
        data-testid="groups"
      />
    </FormField>
  );
}
