import Alert from "@cloudscape-design/components/alert";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { ReactNode } from "react";
import type { LinkTrouble } from "./linkProblem";
import { BackToSignIn } from "./OtherWays";

const NO_LINK: LinkTrouble = {
  header: "Open the link in your mail again",
  text: "This page needs what is in that link. It is taken out of the address for safety, so a reload loses it.",
};

/** A link that does not work (any more), or none at all. */
export function BadLink({ trouble = NO_LINK, children }: { trouble?: LinkTrouble; children?: ReactNode }) {
  return (
    <SpaceBetween size="l">
      <Alert type="warning" header={trouble.header} data-testid="bad-link">
        {trouble.text}
      </Alert>
      {children}
      <BackToSignIn />
    </SpaceBetween>
  );
}
