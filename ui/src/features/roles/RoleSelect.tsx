import FormField from "@cloudscape-design/components/form-field";
import Select from "@cloudscape-design/components/select";
import type { Role } from "@/api/types";
import { roleName } from "@/components/roleName";
import { useCan } from "@/features/account/AccountProvider";
import { useRoles } from "./useRoles";

interface Props {
  value: Role;
  onChange: (role: Role) => void;
  errorText: string | undefined;
  /** Why it cannot be changed here. */
  fixed?: string | undefined;
  /** Service accounts are never owners. */
  owner?: boolean;
}

const NAMES: readonly Role[] = ["owner", "admin", "operator", "member", "auditor"];

export function RoleSelect({ value, onChange, errorText, fixed, owner = true }: Props) {
  const { data: roles } = useRoles();
  const mayMakeOwners = useCan("owners:write");
  const options = NAMES.filter((name) => owner || name !== "owner").map((name) => ({
    value: name,
    label: roleName(name),
    description: roles?.items.find((role) => role.name === name)?.description ?? "",
    disabled: name === "owner" && !mayMakeOwners,
    disabledReason: "Only owners make owners.",
  }));
  return (
    <FormField label="Role" errorText={errorText} description={fixed}>
      <Select
        selectedOption={options.find((option) => option.value === value) ?? { value, label: roleName(value) }}
        options={options}
        disabled={fixed !== undefined}
        expandToViewport
        onChange={({ detail }) => onChange(detail.selectedOption.value as Role)}
        data-testid="role"
      />
    </FormField>
  );
}
