import Box from "@cloudscape-design/components/box";
import Icon from "@cloudscape-design/components/icon";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import type { Roles } from "@/api/types";
import { roleName } from "@/components/roleName";
import { subjects } from "./roles";
import styles from "./roles.module.css";

/** One role at a time, where there is no room for a table. */
export function RoleDetails({ roles, own }: { roles: Roles; own: string }) {
  const [chosen, setChosen] = useState(own);
  const role = roles.items.find(({ name }) => name === chosen) ?? roles.items[0];
  if (!role) return null;
  const options = roles.items.map(({ name }) => ({
    value: name,
    label: roleName(name) + (name === own ? " (your role)" : ""),
  }));
  return (
    <SpaceBetween size="m">
      <Select
        selectedOption={options.find(({ value }) => value === role.name) ?? null}
        options={options}
        ariaLabel="Role"
        onChange={({ detail }) => setChosen(detail.selectedOption.value ?? own)}
        data-testid="role-choice"
      />
      {subjects(roles.permissions).map((subject) => {
        const may = subject.permissions.filter(({ name }) => role.permissions.includes(name));
        return (
          <div key={subject.id}>
            <Box variant="awsui-key-label">{subject.title}</Box>
            {may.length === 0 ? (
              <Box color="text-body-secondary">Nothing</Box>
            ) : (
              <ul className={styles.list}>
                {may.map(({ name, description }) => (
                  <li key={name}>
                    <Icon name="check" variant="success" />
                    <span>{description}</span>
                  </li>
                ))}
              </ul>
            )}
          </div>
        );
      })}
    </SpaceBetween>
  );
}
