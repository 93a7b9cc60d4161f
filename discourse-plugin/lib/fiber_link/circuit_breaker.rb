# frozen_string_literal: true

module FiberLink
  # A server that hangs would hold every web worker of the forum until its time is over, and the
  # whole forum with them. So after a request that got no answer in time nobody waits for the next
  # ones, for a moment; jobs and the admin's overview ask nevertheless, and an answer ends it.
  module CircuitBreaker
    KEY = "fiber-link:circuit-breaker"
    SECONDS = 10

    def self.check!
      return unless Discourse.redis.get(KEY)
      raise Unavailable.new(:unreachable, "not asked: it gave no answer in time a moment ago")
    end

    def self.trip
      Discourse.redis.setex(KEY, SECONDS, "1")
    end

    def self.reset
      Discourse.redis.del(KEY)
    end
  end
end
