import Box from "@cloudscape-design/components/box";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { ReactNode } from "react";

interface Props {
  title: string;
  text: string;
  action?: ReactNode;
}

export function EmptyState({ title, text, action }: Props) {
  return (
    <Box textAlign="center" padding={{ vertical: "xxl" }} color="inherit" data-testid="empty">
      <SpaceBetween size="s">
        <div>
          <Box variant="strong">{title}</Box>
          <Box color="text-body-secondary">{text}</Box>
        </div>
        {action}
      </SpaceBetween>
    </Box>
  );
}
