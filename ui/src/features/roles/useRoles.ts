import { getRoles } from "@/api/members";
import type { Roles } from "@/api/types";
import { useRead, type Read } from "@/components/useRead";

/** The permission table. */
export const useRoles = (): Read<Roles> => useRead<Roles>(getRoles);
