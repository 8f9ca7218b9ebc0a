import Badge from "@cloudscape-design/components/badge";
import Box from "@cloudscape-design/components/box";
import Container from "@cloudscape-design/components/container";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { Loading } from "@/components/Loading";
import { ProblemAlert } from "@/components/ProblemAlert";
import { roleName } from "@/components/roleName";
import { useMedia } from "@/components/useMedia";
import { useMe } from "@/features/account/AccountProvider";
import { RoleDetails } from "@/features/roles/RoleDetails";
import { RoleTable } from "@/features/roles/RoleTable";
import styles from "@/features/roles/roles.module.css";
import { useRoles } from "@/features/roles/useRoles";

/** Below it the five columns do not fit beside their descriptions. */
const TOO_NARROW = "(max-width: 820px)";

export default function RolesPage() {
  const { user } = useMe();
  const { data: roles, problem, reload } = useRoles();
  const narrow = useMedia(TOO_NARROW);
  return (
    <ContentLayout
      header={
        <Header variant="h1" description="What each role may do. Everybody has one; groups add to what they see.">
          Roles
        </Header>
      }
    >
      <ProblemAlert problem={problem} header="The roles could not be read" onRetry={() => void reload()} />
      {!roles && !problem && <Loading />}
      {roles && (
        <SpaceBetween size="l">
          <Container>
            <div className={styles.roles}>
              {roles.items.map(({ name, description }) => (
                <div key={name}>
                  <Box variant="h3" padding="n">
                    {roleName(name)} {name === user.role && <Badge color="blue">You</Badge>}
                  </Box>
                  <Box color="text-body-secondary">{sentence(description)}</Box>
                </div>
              ))}
            </div>
          </Container>
          <Container header={<Header variant="h2">Permissions</Header>}>
            {narrow ? <RoleDetails roles={roles} own={user.role} /> : <RoleTable roles={roles} own={user.role} />}
          </Container>
        </SpaceBetween>
      )}
    </ContentLayout>
  );
}

const sentence = (text: string) => (text.endsWith(".") ? text : `${text}.`);
