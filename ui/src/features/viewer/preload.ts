/** The chunks on the way from Launch to the first frame, fetched ahead of time so that nothing waits for them. */
export const importSession = () => import("@/pages/SessionPage");
export const importViewer = () => import("@/pages/ViewerPage");

export function preloadViewer(): void {
  importViewer().catch(() => undefined);
}

export function preloadLaunch(): void {
  importSession().catch(() => undefined);
  preloadViewer();
}
