# frozen_string_literal: true

class ProblemCheck::FiberLinkConfiguration < ProblemCheck
  self.priority = "high"

  def call
    return no_problem if !SiteSetting.fiber_link_enabled
    return no_problem if FiberLink::Health.configured?

    problem
  end
end
