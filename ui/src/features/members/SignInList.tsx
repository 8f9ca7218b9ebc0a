import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import { useState } from "react";
import { endSignIns, listSignIns } from "@/api/members";
import type { Member, MemberSignIn } from "@/api/types";
import { Ago } from "@/components/Ago";
import { ConfirmDialog } from "@/components/ConfirmDialog";
import { DataList, type Column } from "@/components/DataList";
import { deviceName } from "@/components/device";
import { EmptyState } from "@/components/EmptyState";
import { useFlash } from "@/components/Flash";
import { ProblemAlert } from "@/components/ProblemAlert";
import { useRead } from "@/components/useRead";

const COLUMNS: readonly Column<MemberSignIn>[] = [
  {
    id: "title",
    header: "Device",
    cell: ({ user_agent }) => <span title={user_agent}>{deviceName(user_agent)}</span>,
    minWidth: 180,
  },
  { id: "address", header: "Address", cell: ({ source_ip }) => source_ip, minWidth: 130 },
  {
    id: "since",
    header: "Signed in",
    cell: ({ created_at }) => <Ago time={created_at} />,
    sort: ({ created_at }) => Date.parse(created_at),
    minWidth: 130,
  },
  {
    id: "used",
    header: "Last used",
    cell: ({ last_used_at }) => <Ago time={last_used_at} />,
    sort: ({ last_used_at }) => Date.parse(last_used_at),
    minWidth: 130,
  },
];

/** Where somebody is signed in, and the way to end it all. */
export function SignInList({ member }: { member: Member }) {
  const flash = useFlash();
  const { data, problem, reload, set } = useRead(() => listSignIns(member.id), member.id);
  const [asking, setAsking] = useState(false);
  const name = member.name || member.email;
  if (problem) {
    return <ProblemAlert problem={problem} header="The sign-ins could not be read" onRetry={() => void reload()} />;
  }
  return (
    <>
      <DataList
        label="Sign-ins"
        items={data}
        columns={COLUMNS}
        text={({ user_agent, source_ip }) => `${user_agent} ${source_ip}`}
        search="Find sign-ins"
        sortedBy="used"
        descending
        header={
          <Header
            counter={data ? `(${data.length})` : undefined}
            actions={
              <Button disabled={!data?.length} onClick={() => setAsking(true)} data-testid="end-sign-ins">
                Sign out everywhere
              </Button>
            }
          >
            Sign-ins
          </Header>
        }
        empty={<EmptyState title="Signed in nowhere" text="Sign-ins that have not ended appear here." />}
      />
      {asking && (
        <ConfirmDialog
          header={`Sign ${name} out everywhere?`}
          confirm="Sign out"
          failure="The sign-ins were not ended"
          testId="end-sign-ins-confirm"
          onCancel={() => setAsking(false)}
          onConfirm={async () => {
            await endSignIns(member.id);
            set(() => []);
            flash.success(`${name} is signed out everywhere.`);
            setAsking(false);
          }}
        >
          <Box>
            All of these sign-ins end with the next request. They can sign in again with their password, and their API
            keys keep working.
          </Box>
        </ConfirmDialog>
      )}
    </>
  );
}
