export const DEBUG = true;
export const CI = false;
