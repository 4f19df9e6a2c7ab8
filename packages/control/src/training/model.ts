import Type, { type Static } from "typebox";

export const Job = Type.Object(
  {
    id: Type.String(),
    tenantId: Type.String(),
    kind: Type.Literal("train"),
    reason: Type.Enum(["manual", "schedule"]),
    state: Type.Enum(["queued", "running", "succeeded", "failed"]),
    progress: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), { description: "The last step training told of" }),
    ),
    result: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
    error: Type.Optional(Type.Object({ code: Type.String(), message: Type.String() })),
    createdAt: Type.String(),
    startedAt: Type.Optional(Type.String()),
    finishedAt: Type.Optional(Type.String()),
  },
  { title: "Job" },
);
export type Job = Static<typeof Job>;
