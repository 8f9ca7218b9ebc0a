import Box from "@cloudscape-design/components/box";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import type { Session } from "@/api/types";
import { Ago } from "@/components/Ago";
import { showCpu, showMemory } from "@/components/quantities";
import { RouterLink } from "@/components/RouterLink";

/** With a name, its page can be seen too: both need the same permission. */
function Where({ id, name }: { id: string | null; name: string | undefined }) {
  if (!id) return "Not placed yet";
  return name === undefined ? id : <RouterLink href={`/controllers/${id}`}>{name}</RouterLink>;
}

interface Props {
  session: Session;
  controllerName: string | undefined;
}

export function SessionFacts({ session, controllerName }: Props) {
  return (
    <Container header={<Header variant="h2">Details</Header>}>
      <KeyValuePairs
        columns={3}
        minColumnWidth={150}
        items={[
          { label: "Template", value: session.template_name },
          { label: "Controller", value: <Where id={session.controller_id} name={controllerName} /> },
          { label: "Resources", value: `${showCpu(session.resources.cpu)}, ${showMemory(session.resources.memory)}` },
          { label: "Viewers", value: String(session.viewers) },
          { label: "Created", value: <Ago time={session.created_at} /> },
          { label: "Started", value: <Ago time={session.started_at} /> },
          { label: "Last activity", value: <Ago time={session.last_activity_at} /> },
          {
            label: "Id",
            value: (
              <Box variant="code" fontSize="body-s">
                {session.id}
              </Box>
            ),
          },
        ]}
      />
    </Container>
  );
}
