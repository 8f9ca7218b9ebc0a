/** The API's views by the names the UI uses. The generated document is the only source. */
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Me = Schemas["MeView"];
export type MePatch = Schemas["ChangeMe"];
export type Preferences = Schemas["Preferences"];
export type MySignIn = Schemas["SignInView"];
export type TokenAnswer = Schemas["TokenView"];
export type LoginRequest = Schemas["Login"];
export type Template = Schemas["TemplateView"];
export type TemplatePatch = Schemas["ChangeTemplate"];
/** Manifests of the original StreamSpace, and what came of them. */
export type ImportRequest = Schemas["ImportBody"];
export type ImportReport = Schemas["ImportReport"];
export type ImportedItem = Schemas["ImportedView"];
export type Session = Schemas["SessionView"];
export type SessionCreate = Schemas["CreateSession"];
export type Controller = Schemas["ControllerView"];
export type ControllerPatch = Schemas["ChangeController"];
export type Drain = NonNullable<Controller["drain"]>;
export type DrainRequest = Schemas["DrainController"];
export type Pause = NonNullable<Controller["paused"]>;
export type PauseRequest = Schemas["PauseController"];
/** A process that serves a controller. */
export type Agent = Schemas["AgentView"];
/** A message that no agent could make use of. */
export type DeadLetter = Schemas["DeadLetterView"];
export type DeadLetters = Schemas["DeadLetterPage"];
export type RedriveRequest = Schemas["RedriveDeadLetters"];
export type Redriven = Schemas["RedrivenView"];
export type EnrollmentRequest = Schemas["CreateEnrollmentToken"];
export type EnrollmentToken = Schemas["EnrollmentTokenView"];
export type ConnectAnswer = Schemas["ConnectView"];
export type LogAccess = Schemas["LogsView"];
export type StreamPermissions = Schemas["PermissionsView"];
export type TimelineEntry = Schemas["TimelineEntryView"];
export type Placement = Schemas["PlacementView"];
export type Verdict = Schemas["VerdictView"];
export type Reason = Schemas["ReasonView"];
export type EventTicket = Schemas["EventTicketView"];
export type StreamEvent = Schemas["EventView"];

export type Quota = Schemas["QuotaView"];
export type Limits = Schemas["LimitsView"];
export type AuditEntry = Schemas["EntryView"];
export type AuditHead = Schemas["HeadView"];
export type AuditExport = Schemas["AuditExportView"];
export type Organisation = Schemas["OrganisationView"];
export type OrganisationPatch = Schemas["ChangeTenant"];
export type Plan = Organisation["plan"];
export type Branding = Organisation["branding"];
export type TenantSettings = NonNullable<Organisation["settings"]>;
export type TenantExport = Schemas["ExportView"];

export type SessionState = Session["state"];
export type SessionStage = NonNullable<Session["stage"]>;

/** A person or a service account of the organisation. */
export type Member = Schemas["UserPage"]["items"][number];
export type MemberPatch = Schemas["ChangeUser"];
export type Role = Member["role"];
/** Where a member is signed in. */
export type MemberSignIn = Schemas["SignInItem"];
export type Invitation = Schemas["InvitationView"];
export type InvitationRequest = Schemas["CreateInvitation"];
export type Group = Schemas["GroupView"];
export type GroupRequest = Schemas["CreateGroup"];
export type Roles = Schemas["RoleList"];
export type ApiKey = Schemas["ApiKeyView"];
export type NewApiKey = Schemas["NewApiKeyView"];
export type ApiKeyRequest = Schemas["CreateApiKey"];
export type ServiceAccountRequest = Schemas["CreateServiceAccount"];
export type AuthOptions = Schemas["OptionsView"];
export type OpenInvitation = Schemas["OfferView"];
