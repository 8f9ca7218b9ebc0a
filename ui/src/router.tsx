/** Every page is a chunk of its own; the viewer's brings noVNC with it. */
import { lazy, Suspense, type ReactNode } from "react";
import { createBrowserRouter, Navigate } from "react-router";
import { PageError } from "@/components/PageError";
import { Splash } from "@/components/Splash";
import { RequireAccount } from "@/features/account/RequireAccount";
import { importSession, importViewer } from "@/features/viewer/preload";

const AppShell = lazy(() => import("@/components/AppShell"));
const SignInPage = lazy(() => import("@/pages/SignInPage"));
const CatalogPage = lazy(() => import("@/pages/CatalogPage"));
const SessionsPage = lazy(() => import("@/pages/SessionsPage"));
const SessionPage = lazy(importSession);
const ControllersPage = lazy(() => import("@/pages/ControllersPage"));
const NotFoundPage = lazy(() => import("@/pages/NotFoundPage"));
const ViewerPage = lazy(importViewer);

const whole = (page: ReactNode) => <Suspense fallback={<Splash />}>{page}</Suspense>;

export const router = createBrowserRouter([
  {
    errorElement: <PageError />,
    children: [
      { path: "/sign-in", element: whole(<SignInPage />) },
      {
        element: <RequireAccount />,
        children: [
          { path: "/sessions/:sessionId/view", element: whole(<ViewerPage />) },
          {
            element: whole(<AppShell />),
            children: [
              { index: true, element: <Navigate to="/catalog" replace /> },
              { path: "/catalog", element: <CatalogPage /> },
              { path: "/sessions", element: <SessionsPage /> },
              { path: "/sessions/:sessionId", element: <SessionPage /> },
              { path: "/controllers", element: <ControllersPage /> },
              { path: "*", element: <NotFoundPage /> },
            ],
          },
        ],
      },
    ],
  },
]);
