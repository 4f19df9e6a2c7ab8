import { type Ink, material } from "./colour.ts";
import { circle, fill, oval, rect, ring, shadow, stroke } from "./pen.ts";

export function sleepingBag(ink: Ink, style: number): string {
  const baffles = [0, 1, 2, 3, 4].map((i) => {
    const y = 146 + i * 36;
    const half = 74 - i * 8;
    return stroke(`M${200 - half} ${y} Q200 ${y + 16} ${200 + half} ${y}`, ink.dark, 3.5);
  });
  return [
    shadow(84, 200, 338),
    fill(
      "M200 44 C254 44 290 82 288 130 C286 210 262 300 246 334 Q200 350 154 334 C138 300 114 210 112 130 C110 82 146 44 200 44 Z",
      ink.base,
    ),
    fill(
      "M200 44 C254 44 290 82 288 130 C286 210 262 300 246 334 L222 340 C240 280 256 190 250 124 C248 86 230 58 200 44 Z",
      ink.dark,
      { opacity: 0.6 },
    ),
    ...baffles,
    oval(200, 102, 56, 46, ink.deep),
    oval(200, 108, 46, 36, ink.accent),
    oval(200, 118, 38, 24, ink.accentDark, { opacity: 0.5 }),
    stroke("M254 116 C252 180 240 230 232 262", material.cream, 4, { "stroke-dasharray": "2 6" }),
    style % 2
      ? rect(176, 286, 48, 22, 4, ink.accent)
      : fill("M150 318 Q200 334 250 318 L246 334 Q200 350 154 334 Z", ink.accent),
    stroke("M158 76 C170 60 186 54 200 54", ink.light, 5),
  ].join("");
}

export function sleepingMat(ink: Ink, style: number): string {
  const ribs = [0, 1, 2, 3, 4, 5].map((i) =>
    style % 2
      ? stroke(`M${88 + i * 32} ${318 - i * 2} l30 -96`, ink.dark, 4, { opacity: 0.55 })
      : rect(96 + i * 34, 238 + (i % 2) * 22, 22, 12, 6, ink.dark, { opacity: 0.5 }),
  );
  return [
    shadow(156),
    fill("M52 318 L112 204 L330 204 L352 318 Q200 332 52 318 Z", ink.base),
    fill("M52 318 Q200 332 352 318 L351 328 Q200 342 52 328 Z", ink.deep),
    ...ribs,
    fill("M120 212 L322 212 L318 196 L124 196 Z", ink.deep, { opacity: 0.35 }),
    fill("M100 150 L300 150 Q330 150 330 180 Q330 212 300 212 L100 212 Z", ink.dark),
    fill("M100 150 L300 150 Q318 150 324 166 L108 166 Z", ink.light),
    circle(102, 181, 31, ink.base),
    ring(102, 181, 22, ink.deep, 3.5),
    ring(102, 181, 12, ink.deep, 3.5),
    rect(164, 147, 13, 67, 4, ink.accent),
    rect(252, 147, 13, 67, 4, ink.accent),
  ].join("");
}

export function campPillow(ink: Ink, style: number): string {
  const pattern =
    style % 2
      ? [0, 1, 2].map((i) =>
          stroke(
            `M${112 + i * 14} ${212 + i * 24} Q200 ${196 + i * 24} ${288 - i * 14} ${212 + i * 24}`,
            ink.accent,
            5,
          ),
        )
      : [
          [142, 214],
          [200, 204],
          [258, 214],
          [170, 254],
          [230, 254],
        ].map(([x, y]) => stroke(`M${x} ${y} l0 -16 m-8 8 l16 0`, ink.accent, 4));
  return [
    shadow(132),
    fill(
      "M76 188 C62 168 92 152 120 162 C170 148 230 148 280 162 C308 152 338 168 324 188 C338 224 338 266 326 296 C342 318 310 330 284 318 C230 330 170 330 116 318 C90 330 58 318 74 296 C62 266 62 224 76 188 Z",
      ink.base,
    ),
    fill(
      "M74 296 C62 266 62 224 76 188 C84 250 130 288 326 296 C342 318 310 330 284 318 C230 330 170 330 116 318 C90 330 58 318 74 296 Z",
      ink.dark,
      { opacity: 0.55 },
    ),
    ...pattern,
    stroke("M104 186 C160 170 214 168 250 174", ink.pale, 5, { opacity: 0.8 }),
    rect(306, 262, 24, 14, 3, material.cream),
  ].join("");
}

export function blanket(ink: Ink, style: number): string {
  const fringe = Array.from({ length: 17 }, (_, i) => stroke(`M${96 + i * 13} 296 l0 22`, ink.pale, 4)).join("");
  const checks =
    style % 2
      ? [0, 1, 2].map((i) => rect(118 + i * 62, 150, 22, 146, 0, ink.deep, { opacity: 0.35 })).join("") +
        [0, 1].map((i) => rect(90, 194 + i * 50, 220, 20, 0, ink.accent, { opacity: 0.75 })).join("")
      : [0, 1, 2, 3].map((i) => rect(90, 176 + i * 30, 220, i % 2 ? 6 : 14, 0, i % 2 ? ink.pale : ink.accent)).join("");
  return [
    shadow(136),
    fill("M90 128 Q90 104 118 104 L294 104 Q318 104 318 130 L318 286 L310 296 L310 150 Z", ink.dark),
    fringe,
    rect(90, 122, 220, 176, 8, ink.base),
    checks,
    fill("M90 128 Q90 104 118 104 L294 104 Q312 104 314 122 L96 122 Q90 122 90 134 Z", ink.light),
    fill("M90 150 Q90 122 110 122 L310 122 L310 134 L112 134 Q96 134 90 158 Z", ink.deep, { opacity: 0.25 }),
    fill("M274 122 L310 122 L310 298 L286 298 Z", ink.deep, { opacity: 0.16 }),
  ].join("");
}
