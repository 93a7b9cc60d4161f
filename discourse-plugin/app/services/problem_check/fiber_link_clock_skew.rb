# frozen_string_literal: true

class ProblemCheck::FiberLinkClockSkew < ProblemCheck
  self.priority = "high"
  self.perform_every = 10.minutes

  # The server turns requests away at 300 seconds.
  LIMIT = 60

  def call
    return no_problem if !SiteSetting.fiber_link_enabled || !FiberLink::Health.configured?

    @seconds = FiberLink::Health.check.clock_skew_seconds
    return no_problem if @seconds.nil? || @seconds.abs <= LIMIT

    problem
  end

  private

  def translation_data(_target = nil)
    { seconds: @seconds&.abs }
  end
end
