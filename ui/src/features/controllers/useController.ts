/** One controller: live, and read by itself when the list does not have it (yet, or any more). */
import { getController } from "@/api/controllers";
import type { Problem } from "@/api/problem";
import type { Controller } from "@/api/types";
import { useRead } from "@/components/useRead";
import { useControllers } from "@/features/live/LiveProvider";

interface OneController {
  controller: Controller | undefined;
  problem: Problem | null;
  reload: () => void;
}

export function useController(id: string): OneController {
  const { items, status } = useControllers();
  const controller = items.get(id);
  const missing = !controller && (status === "ready" || status === "failed");
  const { data, problem, reload } = useRead(() => getController(id), missing ? id : null);
  return { controller: controller ?? data ?? undefined, problem, reload: () => void reload() };
}
