export { type RenderOptions, renderRecommendations } from "./recommendations.ts";
export { RECOMMENDATIONS_STYLE_HASH } from "./styles.ts";
