# frozen_string_literal: true

module FiberLink
  # Whether the forum and the Fiber Link server understand each other right now.
  class Health
    attr_reader :error, :clock_skew_seconds

    def self.configured?
      %i[fiber_link_service_url fiber_link_app_id fiber_link_app_secret].all? do |name|
        SiteSetting.get(name).present?
      end
    end

    def self.check
      new.tap(&:check)
    end

    # The date of an answer is measured also where the answer refuses, which is what a wrong clock
    # leads to.
    def check
      answer = Client.call("health.ping", anyway: true)
      @error = nil
      answer.one_of("status", %w[ok])
    rescue Unavailable => e
      @error = e.kind.to_s
    rescue Refused
      @error = "bad_answer"
    ensure
      @clock_skew_seconds = ClockSkew.seconds
    end
  end
end
