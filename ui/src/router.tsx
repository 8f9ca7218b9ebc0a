/** Every page is a chunk of its own; the viewer's brings noVNC with it. */
import { lazy, Suspense, type ReactNode } from "react";
import { createBrowserRouter } from "react-router";
import { PageError } from "@/components/PageError";
import { Splash } from "@/components/Splash";
import { Permitted } from "@/features/account/Permitted";
import { RequireAccount } from "@/features/account/RequireAccount";
import { StartPage } from "@/features/account/StartPage";
import { importSession, importViewer } from "@/features/viewer/preload";

const AppShell = lazy(() => import("@/components/AppShell"));
const SignInPage = lazy(() => import("@/pages/SignInPage"));
const CatalogPage = lazy(() => import("@/pages/CatalogPage"));
const ImportPage = lazy(() => import("@/pages/ImportPage"));
const SessionsPage = lazy(() => import("@/pages/SessionsPage"));
const SessionPage = lazy(importSession);
const ControllersPage = lazy(() => import("@/pages/ControllersPage"));
const ControllerPage = lazy(() => import("@/pages/ControllerPage"));
const SignUpPage = lazy(() => import("@/pages/SignUpPage"));
const ConfirmSignUpPage = lazy(() => import("@/pages/ConfirmSignUpPage"));
const InvitationPage = lazy(() => import("@/pages/InvitationPage"));
const ForgotPasswordPage = lazy(() => import("@/pages/ForgotPasswordPage"));
const ResetPasswordPage = lazy(() => import("@/pages/ResetPasswordPage"));
const MembersPage = lazy(() => import("@/pages/MembersPage"));
const MemberPage = lazy(() => import("@/pages/MemberPage"));
const GroupsPage = lazy(() => import("@/pages/GroupsPage"));
const GroupPage = lazy(() => import("@/pages/GroupPage"));
const RolesPage = lazy(() => import("@/pages/RolesPage"));
const ApiKeysPage = lazy(() => import("@/pages/ApiKeysPage"));
const QuotasPage = lazy(() => import("@/pages/QuotasPage"));
const AuditPage = lazy(() => import("@/pages/AuditPage"));
const SettingsPage = lazy(() => import("@/pages/SettingsPage"));
const AccountPage = lazy(() => import("@/pages/AccountPage"));
const NotFoundPage = lazy(() => import("@/pages/NotFoundPage"));
const ViewerPage = lazy(importViewer);

const whole = (page: ReactNode) => <Suspense fallback={<Splash />}>{page}</Suspense>;
const needing = (title: string, needs: readonly string[], page: ReactNode) => (
  <Permitted title={title} needs={needs}>
    {page}
  </Permitted>
);

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
              { path: "/catalog/import", element: needing("Import", ["templates:write"], <ImportPage />) },
              { path: "/sessions", element: <SessionsPage /> },
              { path: "/sessions/:sessionId", element: <SessionPage /> },
              { path: "/controllers", element: needing("Controllers", ["controllers:read"], <ControllersPage />) },
              {
                path: "/controllers/:controllerId",
                element: needing("Controllers", ["controllers:read"], <ControllerPage />),
              },
              { path: "/members", element: needing("Members", ["users:read"], <MembersPage />) },
              { path: "/members/:userId", element: needing("Members", ["users:read"], <MemberPage />) },
              { path: "/groups", element: needing("Groups", ["groups:read"], <GroupsPage />) },
              { path: "/groups/:groupId", element: needing("Groups", ["groups:read"], <GroupPage />) },
              { path: "/roles", element: <RolesPage /> },
              {
                path: "/api-keys",
                element: needing("API keys", ["account:write", "api_keys:read_all"], <ApiKeysPage />),
              },
              {
                path: "/api-keys/service-accounts/:userId",
                element: needing("Service accounts", ["users:read"], <MemberPage />),
              },
              { path: "/quotas", element: needing("Quotas", ["quotas:read"], <QuotasPage />) },
              { path: "/audit", element: needing("Audit log", ["audit:read"], <AuditPage />) },
              { path: "/settings", element: needing("Settings", ["tenant:read"], <SettingsPage />) },
              { path: "/account", element: <AccountPage /> },
              { path: "*", element: <NotFoundPage /> },
            ],
          },
        ],
      },
    ],
  },
]);
