# frozen_string_literal: true

module Jobs
  # Waits for the events of open tips. Enqueues itself while there are any.
  class FiberLinkWatch < ::Jobs::Base
    sidekiq_options retry: false

    def execute(args)
      ::FiberLink::Watch.run(args[:token]) if SiteSetting.fiber_link_enabled
    end
  end
end
