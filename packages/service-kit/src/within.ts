/** Waits for `work`, at most `ms`. @throws with `late` as its message when it takes longer; the work itself goes on. */
export async function within(ms: number, work: void | PromiseLike<void>, late: string): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(late)), ms);
  });
  try {
    await Promise.race([work, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
