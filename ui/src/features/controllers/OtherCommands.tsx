import Box from "@cloudscape-design/components/box";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { EnrollmentToken } from "@/api/types";
import { CommandBox } from "@/components/CommandBox";
import type { Platform } from "./platforms";

/** Folded below the one command: another way to the same end, and where to look when nothing comes of it. */
export function OtherCommands({ platform, token }: { platform: Platform; token: EnrollmentToken }) {
  const { otherwise, trouble } = platform;
  return (
    <div>
      {otherwise && (
        <ExpandableSection headerText={otherwise.title} data-testid="enrollment-otherwise">
          <SpaceBetween size="s">
            <Box color="text-body-secondary">{otherwise.text}</Box>
            <CommandBox command={otherwise.command(token)} testId="enrollment-otherwise-command" />
          </SpaceBetween>
        </ExpandableSection>
      )}
      {trouble && (
        <ExpandableSection headerText="Nothing happens?" data-testid="enrollment-trouble">
          <SpaceBetween size="s">
            <Box color="text-body-secondary">{trouble.text}</Box>
            <CommandBox command={trouble.command} testId="enrollment-trouble-command" />
            <Box color="text-body-secondary">{trouble.again}</Box>
          </SpaceBetween>
        </ExpandableSection>
      )}
    </div>
  );
}
