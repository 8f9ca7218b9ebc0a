import Badge from "@cloudscape-design/components/badge";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { endOtherSignIns, endSignIn } from "@/api/account";
import type { MySignIn } from "@/api/types";
import { Ago } from "@/components/Ago";
import { deviceName } from "@/components/device";
import { useFlash } from "@/components/Flash";
import { Loading } from "@/components/Loading";
import { ProblemAlert } from "@/components/ProblemAlert";
import { SectionForm } from "@/components/SectionForm";
import { useSubmit } from "@/components/useSubmit";
import type { Read } from "@/components/useRead";

/** Every browser that one is signed in with; each but this one can be signed out from here. */
export function MySignIns({ read }: { read: Read<MySignIn[]> }) {
  const flash = useFlash();
  const { busy, problem, run } = useSubmit();
  const { data, reload } = read;
  const sorted = data?.toSorted(
    (a, b) => Number(b.current) - Number(a.current) || b.last_used_at.localeCompare(a.last_used_at),
  );
  const end = (work: () => Promise<void>, done: string) =>
    void run(async () => {
      await work();
      flash.success(done);
      await reload();
    });
  return (
    <SectionForm
      title="Where you are signed in"
      description="Something you do not recognise? End it and change your password."
    >
      <ProblemAlert problem={problem} header="The sign-in was not ended" />
      <ProblemAlert problem={read.problem} header="Your sign-ins could not be read" onRetry={() => void reload()} />
      {!sorted && !read.problem && <Loading />}
      {sorted && (
        <ul style={{ listStyle: "none", margin: 0, padding: 0 }} aria-label="Sign-ins">
          {sorted.map((each) => (
            <li
              key={each.id}
              style={{ paddingBlock: 6 }}
              data-testid={`sign-in-${each.id}`}
              data-current={each.current}
            >
              <SpaceBetween direction="horizontal" size="s" alignItems="center">
                <div>
                  <Box variant="strong">{deviceName(each.user_agent)}</Box>{" "}
                  {each.current && <Badge color="green">This browser</Badge>}
                  <Box color="text-body-secondary" fontSize="body-s">
                    {each.source_ip} · used <Ago time={each.last_used_at} /> · signed in <Ago time={each.created_at} />
                  </Box>
                </div>
                {!each.current && (
                  <Button
                    variant="inline-link"
                    disabled={busy}
                    ariaLabel={`End the sign-in with ${deviceName(each.user_agent)} from ${each.source_ip}`}
                    onClick={() => end(() => endSignIn(each.id), "The sign-in was ended.")}
                    data-testid={`end-sign-in-${each.id}`}
                  >
                    End
                  </Button>
                )}
              </SpaceBetween>
            </li>
          ))}
        </ul>
      )}
      {sorted && sorted.some(({ current }) => !current) && (
        <Button
          loading={busy}
          onClick={() => end(endOtherSignIns, "All other sign-ins were ended.")}
          data-testid="end-other-sign-ins"
        >
          End all others
        </Button>
      )}
    </SectionForm>
  );
}
