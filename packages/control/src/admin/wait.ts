import Type from "typebox";

/** `?waitMs=`: answer when the processes have caught up with the change, or 504 after that time. */
export const Wait = Type.Object(
  { waitMs: Type.Optional(Type.Integer({ minimum: 0, maximum: 60_000, default: 0 })) },
  { additionalProperties: false },
);
