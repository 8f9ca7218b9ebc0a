import { authOptions } from "@/api/publicAuth";
import type { AuthOptions } from "@/api/types";
import { useRead, type Read } from "@/components/useRead";

/** How this installation lets people in. */
export const useAuthOptions = (): Read<AuthOptions> => useRead<AuthOptions>(authOptions);
