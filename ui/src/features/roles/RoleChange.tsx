import Alert from "@cloudscape-design/components/alert";
import type { Role } from "@/api/types";
import { roleName } from "@/components/roleName";
import { difference } from "./roles";
import { useRoles } from "./useRoles";

/** What a change of role gives and takes, before it is made. */
export function RoleChange({ from, to }: { from: Role; to: Role }) {
  const { data: roles } = useRoles();
  if (!roles || from === to) return null;
  const { gained, lost } = difference(roles, from, to);
  return (
    <Alert type={to === "owner" || to === "admin" ? "warning" : "info"} data-testid="role-change">
      From the next request on, as {roleName(to).toLowerCase()}:
      {gained.length > 0 && <Words title="they may" words={gained} />}
      {lost.length > 0 && <Words title="they may no longer" words={lost} />}
    </Alert>
  );
}

function Words({ title, words }: { title: string; words: readonly string[] }) {
  return (
    <div>
      <b>{title}</b>
      <ul style={{ margin: 0, paddingInlineStart: 20 }}>
        {words.map((each) => (
          <li key={each}>{each.charAt(0).toLowerCase() + each.slice(1)}</li>
        ))}
      </ul>
    </div>
  );
}
