# frozen_string_literal: true

module Jobs
  # Records what happened at the Fiber Link server, however it happened.
  class FiberLinkSync < ::Jobs::Scheduled
    every 1.minute
    cluster_concurrency 1

    PAGES = 10

    def execute(_args)
      return unless SiteSetting.fiber_link_enabled
      # A process that waits for events records them as well.
      ::FiberLink::Feed.drain(pages: PAGES) unless ::FiberLink::Watch.running?
      ::FiberLink::Tip.expire_forgotten
    rescue ::FiberLink::Unavailable
      nil # It is in the log and on the admin's page.
    ensure
      ::FiberLink::Watch.start if SiteSetting.fiber_link_enabled
    end
  end
end
