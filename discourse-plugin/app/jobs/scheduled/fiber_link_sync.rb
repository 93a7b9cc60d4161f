# frozen_string_literal: true

module Jobs
  # Records what happened at the Fiber Link server, however it happened.
  class FiberLinkSync < ::Jobs::Scheduled
    every 1.minute
    cluster_concurrency 1

    PAGES = 10

    def execute(_args)
      # What is not set up has a problem on the dashboard, and need not warn in the log each minute.
      return unless SiteSetting.fiber_link_enabled && ::FiberLink::Health.configured?
      sync
    end

    private

    def sync
      # A process that waits for events records them as well.
      ::FiberLink::Feed.drain(pages: PAGES) unless ::FiberLink::Watch.running?
      ::FiberLink::Tip.expire_forgotten
    rescue ::FiberLink::Unavailable
      nil # It is in the log and on the admin's page.
    ensure
      ::FiberLink::Watch.start
    end
  end
end
