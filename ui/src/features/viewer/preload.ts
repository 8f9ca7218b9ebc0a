export const importViewer = () => import("@/pages/ViewerPage");

/** Fetches the viewer's chunk ahead of time, so that the first frame need not wait for it. */
export function preloadViewer(): void {
  importViewer().catch(() => undefined);
}
