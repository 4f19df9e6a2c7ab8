/** What follows waits for its turn behind the page's own work: no task of ours holds a slow phone up for long. */
export const nextTask = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));
