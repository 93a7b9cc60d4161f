# frozen_string_literal: true

module FiberLink
  # While a tip may be paid at any moment, one process of the forum, and one only, waits for the
  # server's events, so that whoever paid sees it at once.
  class Watch
    KEY = "fiber-link:watch"
    # Longer than a round, so that the lock of a process that died ends soon after.
    LOCK_SECONDS = 60
    ROUNDS = 2
    WAIT_SECONDS = 20
    # A server that has too many waiting answers at once; so it is left alone for a while.
    PAUSE_SECONDS = 10

    class << self
      def start
        Jobs.enqueue(:fiber_link_watch) if Tip.awaited.exists? && !running?
      end

      # Also between one job and the next.
      def running?
        Discourse.redis.get(KEY).present?
      end

      # A job that goes on has the token of the one before it; any other begins, if nobody waits.
      def run(token = nil)
        held = token ? Discourse.redis.get(KEY) == token : false
        token ||= SecureRandom.hex
        return unless held || Discourse.redis.set(KEY, token, ex: LOCK_SECONDS, nx: true)
        pause = rounds
        return release(token) unless pause && Tip.awaited.exists?
        Discourse.redis.expire(KEY, LOCK_SECONDS)
        Jobs.enqueue_in(pause, :fiber_link_watch, token: token)
      rescue StandardError
        release(token)
        raise
      end

      private

      def release(token)
        Discourse.redis.del(KEY) if Discourse.redis.get(KEY) == token
      end

      # After how many seconds to go on, or nil where the scheduled job has to begin again.
      def rounds
        ROUNDS.times do
          return unless Tip.awaited.exists?
          Discourse.redis.expire(KEY, LOCK_SECONDS)
          started = Process.clock_gettime(Process::CLOCK_MONOTONIC)
          events = Feed.advance(wait_seconds: WAIT_SECONDS)
          waited = Process.clock_gettime(Process::CLOCK_MONOTONIC) - started
          return PAUSE_SECONDS if events.zero? && waited < WAIT_SECONDS / 2
        end
        1
      rescue Unavailable
        nil
      end
    end
  end
end
