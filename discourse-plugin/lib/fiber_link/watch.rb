# frozen_string_literal: true

module FiberLink
  # While a tip may be paid at any moment, one process of the forum, and one only, waits for the
  # server's events, so that whoever paid sees it at once.
  class Watch
    KEY = "fiber-link:watch"
    # Longer than a round, so that the lock of a process that died ends soon after.
    LOCK_SECONDS = 60
    WAIT_SECONDS = 20
    # Other jobs get the thread of Sidekiq between one round and the next.
    EVENTS_PAUSE = 1
    EMPTY_PAUSE = 3
    # A server that has too many waiting answers at once; so it is left alone for a while.
    BUSY_PAUSE = 10

    class << self
      def start
        Jobs.enqueue(:fiber_link_watch) if Tip.awaited.exists? && !running?
      end

      # Also between one job and the next.
      def running?
        Discourse.redis.get(KEY).present?
      end

      # One round. A job that goes on has the token of the one before it; any other begins, if
      # nobody waits.
      def run(token = nil)
        held = token && held?(token)
        token ||= SecureRandom.hex
        return unless held || Discourse.redis.set(KEY, token, ex: LOCK_SECONDS, nx: true)
        pause = round(token)
        return go_on(token, pause) if pause && Tip.awaited.exists?
        release(token)
        # Who made a tip just before saw somebody wait.
        start if pause
      rescue StandardError
        release(token)
        raise
      end

      private

      # A round that took too long may have lost the lock to another.
      def held?(token)
        Discourse.redis.get(KEY) == token
      end

      def release(token)
        Discourse.redis.del(KEY) if held?(token)
      end

      def go_on(token, pause)
        return unless held?(token)
        Discourse.redis.expire(KEY, LOCK_SECONDS)
        Jobs.enqueue_in(pause, :fiber_link_watch, token: token)
      end

      # After how many seconds to go on, or nil where the scheduled job has to begin again.
      def round(token)
        return EMPTY_PAUSE unless Tip.awaited.exists? && held?(token)
        Discourse.redis.expire(KEY, LOCK_SECONDS)
        started = Process.clock_gettime(Process::CLOCK_MONOTONIC)
        events = Feed.advance(wait_seconds: WAIT_SECONDS)
        return EVENTS_PAUSE if events.positive?
        waited = Process.clock_gettime(Process::CLOCK_MONOTONIC) - started
        waited < WAIT_SECONDS / 2 ? BUSY_PAUSE : EMPTY_PAUSE
      rescue Unavailable
        nil
      end
    end
  end
end
