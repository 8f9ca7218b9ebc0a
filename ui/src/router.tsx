/** Every page is a chunk of its own; the viewer's brings noVNC with it. */
import { lazy, Suspense, type ReactNode } from "react";
import { createBrowserRouter } from "react-router";
import { PageError } from "@/components/PageError";
import { Splash } from "@/components/Splash";
import { RequireAccount } from "@/features/account/RequireAccount";
import { StartPage } from "@/features/account/StartPage";
import { importSession, importViewer } from "@/features/viewer/preload";

const AppShell = lazy(() => import("@/components/AppShell"));
const SignInPage = lazy(() => import("@/pages/SignInPage"));
const CatalogPage = lazy(() => import("@/pages/CatalogPage"));
const SessionsPage = lazy(() => import("@/pages/SessionsPage"));
const SessionPage = lazy(importSession);
const ControllersPage = lazy(() => import("@/pages/ControllersPage"));
const SignUpPage = lazy(() => import("@/pages/SignUpPage"));
const ConfirmSignUpPage = lazy(() => import("@/pages/ConfirmSignUpPage"));
const InvitationPage = lazy(() => import("@/pages/InvitationPage"));
const ForgotPasswordPage = lazy(() => import("@/pages/ForgotPasswordPage"));
const ResetPasswordPage = lazy(() => import("@/pages/ResetPasswordPage"));
const QuotasPage = lazy(() => import("@/pages/QuotasPage"));
const AuditPage = lazy(() => import("@/pages/AuditPage"));
const SettingsPage = lazy(() => import("@/pages/SettingsPage"));
const AccountPage = lazy(() => import("@/pages/AccountPage"));
const NotFoundPage = lazy(() => import("@/pages/NotFoundPage"));
const ViewerPage = lazy(importViewer);

const whole = (page: ReactNode) => <Suspense fallback={<Splash />}>{page}</Suspense>;

export const router = createBrowserRouter([
  {
    errorElement: <PageError />,
    children: [
      { path: "/sign-in", element: whole(<SignInPage />) },
      { path: "/sign-up", element: whole(<SignUpPage />) },
      { path: "/confirm-sign-up", element: whole(<ConfirmSignUpPage />) },
      { path: "/invitation", element: whole(<InvitationPage />) },
      { path: "/forgot-password", element: whole(<ForgotPasswordPage />) },
      { path: "/reset-password", element: whole(<ResetPasswordPage />) },
      {
        element: <RequireAccount />,
        children: [
          { path: "/sessions/:sessionId/view", element: whole(<ViewerPage />) },
          {
            element: whole(<AppShell />),
            children: [
              { index: true, element: <StartPage /> },
              { path: "/catalog", element: <CatalogPage /> },
              { path: "/sessions", element: <SessionsPage /> },
              { path: "/sessions/:sessionId", element: <SessionPage /> },
              { path: "/controllers", element: <ControllersPage /> },
              { path: "/quotas", element: <QuotasPage /> },
              { path: "/audit", element: <AuditPage /> },
              { path: "/settings", element: <SettingsPage /> },
              { path: "/account", element: <AccountPage /> },
              { path: "*", element: <NotFoundPage /> },
            ],
          },
        ],
      },
    ],
  },
]);
