import Box from "@cloudscape-design/components/box";
import Spinner from "@cloudscape-design/components/spinner";

export function Loading() {
  return (
    <Box textAlign="center" padding="xxxl" data-testid="loading">
      <Spinner size="large" />
    </Box>
  );
}
