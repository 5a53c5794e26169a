import { Controller, Get, Param, ParseUUIDPipe } from '@nestjs/common';
import { NotFound } from '@daftari/kernel';
import { InternalOnly } from '@daftari/service-kit';
import { Users } from '../users/users.js';
import { Sessions } from './sessions.js';

@Controller('internal')
@InternalOnly()
export class InternalController {
  constructor(
    private readonly sessions: Sessions,
    private readonly users: Users,
  ) {}

  @Get('sessions/:id')
  async session(@Param('id', ParseUUIDPipe) id: string): Promise<{ active: boolean }> {
    return { active: await this.sessions.isActive(id) };
  }

  @Get('users/:id')
  async user(@Param('id', ParseUUIDPipe) id: string): Promise<object> {
    const user = await this.users.byId(id);
    if (!user) throw new NotFound('user');
    const { tenantId, email, name, phone, emailVerified, profile } = user;
    return { userId: id, tenantId, email, name, phone, emailVerified, profile };
  }
}
