# frozen_string_literal: true

class ProblemCheck::FiberLinkSyncBehind < ProblemCheck
  self.priority = "high"
  self.perform_every = 10.minutes

  # The job runs every minute.
  LIMIT = 15.minutes

  def call
    return no_problem if !SiteSetting.fiber_link_enabled || !FiberLink::Health.configured?
    return no_problem if since > LIMIT.ago

    problem
  end

  private

  # Before the first fetch: since the installation.
  def since
    position = FiberLink::FeedPosition.current
    position.last_sync_at || position.created_at
  end

  def translation_data(_target = nil)
    {
      minutes: ((Time.zone.now - since) / 60).floor,
      passed_over: FiberLink::FeedPosition.current.passed_over,
    }
  end
end
