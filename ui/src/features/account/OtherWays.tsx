import Box from "@cloudscape-design/components/box";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { RouterLink } from "@/components/RouterLink";
import { useAuthOptions } from "./useAuthOptions";

/** For those who cannot sign in yet, or not any more. */
export function OtherWays() {
  const { data: options } = useAuthOptions();
  return (
    <SpaceBetween size="xs">
      <RouterLink href="/forgot-password" fontSize="body-s" data-testid="forgot-password">
        Forgot your password?
      </RouterLink>
      {options?.sign_up && (
        <Box fontSize="body-s" color="text-body-secondary">
          New here?{" "}
          <RouterLink href="/sign-up" fontSize="body-s" data-testid="sign-up">
            Create an organisation
          </RouterLink>
        </Box>
      )}
    </SpaceBetween>
  );
}

export function BackToSignIn() {
  return (
    <RouterLink href="/sign-in" fontSize="body-s" data-testid="back-to-sign-in">
      Back to sign-in
    </RouterLink>
  );
}
