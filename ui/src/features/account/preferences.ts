import { setTimeZone } from "@/components/time";
import { setTheme } from "@/features/theme/theme";
import type { Me } from "@/api/types";

/** Shows everything as its reader prefers it, in whichever browser they sign in. */
export function applyPreferences({ user: { preferences } }: Me): void {
  setTimeZone(preferences.time_zone);
  setTheme(preferences.theme ?? "system");
}
