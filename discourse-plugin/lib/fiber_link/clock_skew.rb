# frozen_string_literal: true

module FiberLink
  # How many seconds the server's clock is ahead of ours, by the date of its last answer. Beyond 300
  # it lets no request in.
  module ClockSkew
    KEY = "fiber-link:clock-skew"
    KEPT = 1.hour

    def self.measure(date)
      return if date.blank?
      Discourse.redis.setex(KEY, KEPT.to_i, (Time.httpdate(date) - Time.now).round.to_s)
    rescue ArgumentError
      nil
    end

    def self.seconds
      Discourse.redis.get(KEY)&.to_i
    end
  end
end
