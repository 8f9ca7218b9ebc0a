import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { Splash } from "@/components/Splash";
import { useAccount } from "./AccountProvider";
import type { Ending } from "./ending";

interface Props {
  ending: Ending;
  /** Its name, where it is still known. */
  organisation: string | null;
}

interface Words {
  title: string;
  text: string;
  next: string;
  /** Whether asking again may bring another answer. */
  again: boolean;
}

/** What happened to somebody's access when it is not theirs to mend, and what they can do. */
export function Stopped({ ending, organisation }: Props) {
  const { retry, signOut } = useAccount();
  const { title, text, next, again } = words(ending, organisation);
  return (
    <Splash>
      <main data-testid="stopped" data-ending={ending} style={{ maxWidth: 520, textAlign: "center" }}>
        <SpaceBetween size="l">
          <SpaceBetween size="s">
            <Box variant="h1">{title}</Box>
            <Box>{text}</Box>
            <Box color="text-body-secondary">{next}</Box>
          </SpaceBetween>
          <div style={{ display: "flex", flexWrap: "wrap", gap: 12, justifyContent: "center" }}>
            {again && (
              <Button variant="primary" onClick={retry}>
                Try again
              </Button>
            )}
            <Button
              variant={again ? "normal" : "primary"}
              onClick={() => void signOut().catch(() => undefined)}
              data-testid="stopped-sign-in"
            >
              {again ? "Sign in as somebody else" : "Sign in to another organisation"}
            </Button>
          </div>
        </SpaceBetween>
      </main>
    </Splash>
  );
}

function words(ending: Ending, organisation: string | null): Words {
  const name = organisation ?? "Your organisation";
  switch (ending) {
    case "suspended":
      return {
        title: `${name} is suspended`,
        text: "Nobody can sign in or use the API, and no session starts. Nothing was deleted.",
        next: "The operator of this StreamSpace can lift the suspension. Ask an owner of your organisation to contact them.",
        again: true,
      };
    case "address":
      return {
        title: "Your network address is not allowed",
        text: `${name} can be used from some networks only, and you are on another one.`,
        next: "Connect to your organisation's network or VPN and try again, or ask an administrator to add your address.",
        again: true,
      };
    case "deleted":
      return {
        title: organisation ? `Goodbye, ${organisation}` : "This organisation was deleted",
        text: "The organisation was deleted. Its sessions are ended, and everything it kept here is being erased: people, templates, controllers, API keys, homes and the audit log.",
        next: "This cannot be undone. Thank you for having used StreamSpace.",
        again: false,
      };
  }
}
