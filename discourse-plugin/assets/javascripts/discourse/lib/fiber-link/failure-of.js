import { ApiError } from "./api";

// A mistake of ours is no failure of a request: it goes on up.
export default function failureOf(error) {
  if (error instanceof ApiError) {
    return error;
  }
  throw error;
}
