# frozen_string_literal: true

class ProblemCheck::FiberLinkUnreachable < ProblemCheck
  self.priority = "high"
  self.perform_every = 10.minutes
  self.max_retries = 2
  self.retry_after = 1.minute

  def call
    return no_problem if !SiteSetting.fiber_link_enabled || !FiberLink::Health.configured?
    return no_problem if FiberLink::Health.check.error.nil?

    problem
  end
end
