import Box from "@cloudscape-design/components/box";
import Icon from "@cloudscape-design/components/icon";
import type { Roles } from "@/api/types";
import { roleName } from "@/components/roleName";
import { subjects } from "./roles";
import styles from "./roles.module.css";

interface Props {
  roles: Roles;
  own: string;
}

/** Permissions as rows, roles as columns. */
export function RoleTable({ roles, own }: Props) {
  const allowed = new Map(roles.items.map(({ name, permissions }) => [name, new Set(permissions)]));
  return (
    <div className={styles.scroll}>
      <table className={styles.table} data-testid="role-table">
        <thead>
          <tr>
            <th scope="col">Permission</th>
            {roles.items.map(({ name }) => (
              <th key={name} scope="col" className={styles.role} data-own={name === own}>
                {roleName(name)}
                {name === own && <small>Your role</small>}
              </th>
            ))}
          </tr>
        </thead>
        {subjects(roles.permissions).map((subject) => (
          <tbody key={subject.id}>
            <tr className={styles.subject}>
              <th scope="rowgroup" colSpan={roles.items.length + 1}>
                {subject.title}
              </th>
            </tr>
            {subject.permissions.map(({ name, description }) => (
              <tr key={name}>
                <th scope="row">
                  {description}
                  <Box color="text-body-secondary" fontSize="body-s">
                    <code>{name}</code>
                  </Box>
                </th>
                {roles.items.map((role) => (
                  <td key={role.name} data-own={role.name === own}>
                    {allowed.get(role.name)?.has(name) ? (
                      <Icon name="check" variant="success" ariaLabel="Yes" />
                    ) : (
                      <span className={styles.no} role="img" aria-label="No">
                        –
                      </span>
                    )}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        ))}
      </table>
    </div>
  );
}
